"""What the member zone adds to invoices: visits, downloads of many documents at once."""
