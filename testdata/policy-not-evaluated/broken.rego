package weighbridge

deny contains "this does not end
